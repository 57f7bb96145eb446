// Signing out, in all tabs of this browser at once.
import { graphql } from '../../gql'
import { client } from '../../live/client'
import { disconnect } from '../../live/socket'

const SESSION_END = graphql(`
  mutation SessionEnd {
    sessionEnd { changed }
  }
`)

const channel = new BroadcastChannel('distr-session')

/** To the sign-in of the side whose first page this is. */
function leave(root: string) {
  disconnect()
  location.assign(new URL(`.${root}/sign-in`, document.baseURI))
}

channel.onmessage = ({ data }) => {
  if (typeof data?.leave === 'string') leave(data.leave)
}

/** What went wrong, if the session still runs; then nobody leaves. */
export async function signOut(root: string) {
  const answer = await client.mutation(SESSION_END, {}, { asksWhoIsThere: true }).toPromise()
  const hasEnded = answer.error?.graphQLErrors.some(error => error.extensions.code === 'unauthenticated')
  if (answer.error && !hasEnded) return answer.error
  channel.postMessage({ leave: root })
  leave(root)
  return undefined
}
