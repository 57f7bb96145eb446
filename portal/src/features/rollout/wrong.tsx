// What somebody typed that cannot be meant, each with its place.
export function Wrong({ wrong }: { wrong: string[] }) {
  if (wrong.length === 0) return null
  return (
    <div className="refusal" role="alert" aria-label="What does not fit">
      {wrong.map(words => (
        <p key={words}>{words}</p>
      ))}
    </div>
  )
}
