// A push, as clients of the OCI distribution specification do it.
import { createHash } from 'node:crypto'

const digest = bytes => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export async function push(hub, token, repository, tag) {
  const basic = Buffer.from(`robot:${token}`).toString('base64')
  const scope = `repository:acme/${repository}:pull,push`
  const asked = await fetch(`${hub.url}/token?scope=${encodeURIComponent(scope)}`, {
    headers: { authorization: `Basic ${basic}` },
  })
  const authorization = `Bearer ${(await asked.json()).token}`
  const base = `${hub.url}/v2/acme/${repository}`
  const blob = async bytes => {
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST', headers: { authorization } })
    const to = new URL(begun.headers.get('location'), hub.url)
    to.searchParams.set('digest', digest(bytes))
    await done(
      await fetch(to, {
        method: 'PUT',
        headers: { authorization, 'content-type': 'application/octet-stream' },
        body: bytes,
      }),
    )
    return { digest: digest(bytes), size: bytes.length }
  }
  const config = await blob(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', tag })))
  const layer = await blob(Buffer.from(`layer of ${repository} ${tag}`))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    }),
  )
  const type = 'application/vnd.oci.image.manifest.v1+json'
  await done(
    await fetch(`${base}/manifests/${tag}`, {
      method: 'PUT',
      headers: { authorization, 'content-type': type },
      body: manifest,
    }),
  )
}

async function done(answer) {
  if (!answer.ok) throw new Error(`push: ${answer.status} ${await answer.text()}`)
}
