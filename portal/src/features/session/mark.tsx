export function Mark() {
  return (
    <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true" className="mark">
      <rect width="16" height="16" rx="4" fill="currentColor" />
      <path d="M4.5 4h3.2a4 4 0 0 1 0 8H4.5z" fill="var(--bg)" />
    </svg>
  )
}
