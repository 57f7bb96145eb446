// Words of a command line, quoted so that a shell takes each as one.
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export function commandLine(...words: (string | undefined | false)[]): string {
  return words
    .filter(word => typeof word === 'string')
    .map(quote)
    .join(' ')
}
