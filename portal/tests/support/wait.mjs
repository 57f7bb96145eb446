/** Until the level is there; never longer than this. */
export async function until(what, most, look) {
  const end = Date.now() + most
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw new Error(`${what} did not come within ${most} ms`)
    await new Promise(done => setTimeout(done, 50))
  }
}
