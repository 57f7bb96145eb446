// A tab that watches the fleet, without the tab: the socket and the subscription alone, as the protocol graphql-transport-ws has it.
const NEWS = 'subscription { targetChanged { id state lastHeartbeatAt } }'

export function watch(hub, secret) {
  return new Promise((done, failed) => {
    const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const send = message => socket.send(JSON.stringify(message))
    socket.addEventListener('error', () => failed(new Error('the hub refused a socket')))
    socket.addEventListener('open', () =>
      send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } }),
    )
    socket.addEventListener('message', ({ data }) => {
      const { type } = JSON.parse(data)
      if (type === 'ping') send({ type: 'pong' })
      if (type !== 'connection_ack') return
      send({ id: 'news', type: 'subscribe', payload: { query: NEWS } })
      done(socket)
    })
  })
}
