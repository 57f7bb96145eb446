// What somebody types of an example: without the prompts, and without what the programs answer.

/** Empty, if there is no command. */
export function commandsOf(console: string): string {
  const typed: string[] = []
  let goesOn = false
  for (const line of console.split('\n')) {
    const command = /^[$#] (.*)$/.exec(line)?.[1]
    if (command !== undefined) typed.push(command)
    else if (goesOn) typed.push(line)
    goesOn = (command !== undefined || goesOn) && line.endsWith('\\')
  }
  return typed.join('\n')
}
