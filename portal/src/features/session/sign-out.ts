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

function leave() {
  disconnect()
  location.assign(new URL('sign-in', document.baseURI))
}

channel.onmessage = ({ data }) => {
  if (data === 'signed-out') leave()
}

export async function signOut() {
  await client.mutation(SESSION_END, {}, { asksWhoIsThere: true }).toPromise()
  channel.postMessage('signed-out')
  leave()
}
