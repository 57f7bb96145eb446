// What Chromium says of a page: processor time of its main thread, frames, tasks, heap, and when something was painted.

/** A session of the tools for developers, with the clock of the main thread's own work: it holds on a busy machine. */
export async function meter(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const metric = async name => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return metrics.find(metric => metric.name === name).value
  }
  return {
    cdp,
    /** Processor time of the main thread so far, ms. */
    busy: async () => 1_000 * (await metric('TaskDuration')),
    /** Nodes of the document, without those that wait for the collector. */
    nodes: () =>
      page.evaluate(() => {
        const walker = document.createTreeWalker(document)
        let count = 1
        while (walker.nextNode()) count++
        return count
      }),
    /** Bytes of the heap that are still in use. */
    heap: async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      return (await cdp.send('Runtime.getHeapUsage')).usedSize
    },
  }
}

/** The longest task from now on, in ms, once it is asked for; 0 if none passed 50 ms. */
export async function watchTasks(page) {
  await page.evaluate(() => {
    window.tasks_ = []
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) window.tasks_.push(duration)
    }).observe({ type: 'longtask' })
  })
  return () => page.evaluate(() => Math.max(0, ...window.tasks_))
}

/** The time between frames from now on, until it is asked what it saw. The watch itself makes the page draw each frame. */
export async function watchFrames(page) {
  await page.evaluate(() => {
    const seen = { deltas: [], isOver: false }
    window.frames_ = seen
    let last = performance.now()
    const frame = now => {
      seen.deltas.push(now - last)
      last = now
      if (!seen.isOver) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  return () =>
    page.evaluate(() => {
      window.frames_.isOver = true
      return window.frames_.deltas.slice(1)
    })
}

/** How long each of the interactions from now on took until it was painted; those below 16 ms are told as 16. */
export async function watchInteractions(page) {
  await page.evaluate(() => {
    const seen = new Map()
    window.interactions_ = { seen }
    window.interactions_.observer = new PerformanceObserver(list => {
      for (const { interactionId, duration } of list.getEntries()) {
        if (interactionId) seen.set(interactionId, Math.max(duration, seen.get(interactionId) ?? 0))
      }
    })
    window.interactions_.observer.observe({ type: 'event', durationThreshold: 16 })
  })
  return async wanted => {
    const seen = await page.evaluate(() => {
      window.interactions_.observer.disconnect()
      return [...window.interactions_.seen.values()]
    })
    return [...seen, ...Array.from({ length: Math.max(0, wanted - seen.length) }, () => 16)]
  }
}

/** Clicks, and says after how many ms what the page answers is there; both by the page's own clock. */
export function clickUntil(page, selector, { gone, there }) {
  return page.evaluate(
    ([selector, gone, there]) =>
      new Promise(done => {
        const element = document.querySelector(selector)
        const before = gone && document.querySelector(gone)?.textContent
        const began = performance.now()
        const look = () => {
          const now = document.querySelector(there)
          if (!now || (gone && now.textContent === before)) return
          observer.disconnect()
          done(performance.now() - began)
        }
        const observer = new MutationObserver(look)
        observer.observe(document.body, { subtree: true, childList: true, characterData: true })
        element.click()
        look()
      }),
    [selector, gone, there],
  )
}

export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = values => quantile(values, 0.5)
