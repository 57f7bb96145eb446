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
