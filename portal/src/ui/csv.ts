// Rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula is marked as text.
const FORMULA = /^[=+\-@\t\r＝＋－＠]/
// a semicolon separates cells where a comma stands in numbers
const NEEDS_QUOTES = /[",;\t\r\n]/

function cell(text: string): string {
  const plain = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

export function csv(rows: string[][]): string {
  return rows.map(row => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Hands a text on as a file of this name. */
export function download(name: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
