// News that come faster than anybody reads them: of each thing the newest, handed on together every half second.
export type Batch<T> = { add(key: string, item: T): void; end(): void }

export function batch<T>(everyMs: number, take: (items: T[]) => void): Batch<T> {
  const waiting = new Map<string, T>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    const items = [...waiting.values()]
    waiting.clear()
    take(items)
  }
  return {
    add(key, item) {
      waiting.set(key, item)
      timer ??= setTimeout(flush, everyMs)
    },
    end() {
      clearTimeout(timer)
      waiting.clear()
    },
  }
}
