// A vendor's member sees the portal as a customer does: the session of this browser, in all its tabs at once.
import { graphql } from '../../gql'
import { client } from '../../live/client'
import { disconnect } from '../../live/socket'

export const VIEW_AS = graphql(`
  mutation SessionViewAs($customer: Name!, $reason: String) {
    sessionViewAs(customer: $customer, reason: $reason) { until }
  }
`)

const VIEW_END = graphql(`
  mutation SessionViewEnd {
    sessionViewEnd { changed }
  }
`)

const channel = new BroadcastChannel('distr-view')

function turn(path: string) {
  disconnect()
  location.assign(new URL(`.${path}`, document.baseURI))
}

channel.onmessage = ({ data }) => {
  if (typeof data?.turn === 'string') turn(data.turn)
}

/** To the side that the session sees from now on. */
export function turnTo(path: string) {
  channel.postMessage({ turn: path })
  turn(path)
}

/** What went wrong, if the view goes on. */
export async function endView(path: string) {
  const answer = await client.mutation(VIEW_END, {}, { asksWhoIsThere: true }).toPromise()
  if (answer.error) return answer.error
  turnTo(path)
  return undefined
}
