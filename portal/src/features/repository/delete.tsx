// Deleting from a repository: a tag, what it points to, or everything. What a release names, the hub keeps.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import { Dialog, DialogFooter, ReasonField, reasonOf, TypedName } from '../../ui/dialog'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { type Repository, shortDigest, type Tag } from './queries'
import { Namers } from './tags'

const DELETE_TAG = graphql(`
  mutation TagDelete($repository: RepositoryName!, $tag: Tag!, $reason: String) {
    tagDelete(repository: $repository, tag: $tag, reason: $reason) { changed }
  }
`)

const DELETE_MANIFEST = graphql(`
  mutation ManifestDelete($repository: RepositoryName!, $digest: Digest!, $reason: String) {
    manifestDelete(repository: $repository, digest: $digest, reason: $reason) { changed }
  }
`)

const DELETE_ALL = graphql(`
  mutation RepositoryDelete($name: RepositoryName!, $reason: String) {
    repositoryDelete(name: $name, reason: $reason) { changed }
  }
`)

export type Doomed = { kind: 'tag'; tag: Tag } | { kind: 'repository' }

type Props = { repository: Repository; doomed: Doomed; close: () => void; done: () => void }

export function DeleteDialog({ repository, doomed, close, done }: Props) {
  if (doomed.kind === 'repository') return <DeleteAll repository={repository} close={close} done={done} />
  return <DeleteTag repository={repository} tag={doomed.tag} close={close} done={done} />
}

function DeleteTag({ repository, tag, close, done }: Omit<Props, 'doomed'> & { tag: Tag }) {
  const byTag = useAction(DELETE_TAG)
  const byDigest = useAction(DELETE_MANIFEST)
  const [withManifest, setWithManifest] = useState(false)
  const [why, setWhy] = useState('')
  const { reason, words } = reasonOf(why)
  const { name } = repository
  const others = repository.tags.filter(other => other.digest === tag.digest && other.name !== tag.name)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = withManifest
      ? await byDigest.act({ repository: name, digest: tag.digest, reason })
      : await byTag.act({ repository: name, tag: tag.name, reason })
    if (!answer) return
    toast(withManifest ? `${shortDigest(tag.digest)} is deleted` : `The tag ${tag.name} is deleted`)
    done()
    close()
  }
  return (
    <Dialog open onClose={close} title={`Delete ${name}:${tag.name}`} description="This is for ever.">
      <form className="form" onSubmit={event => void submit(event)}>
        <dl className="impact">
          <div>
            <dt>Releases that name it</dt>
            <dd>
              <Namers tag={tag} />
            </dd>
          </div>
          <div>
            <dt>Other tags of the same digest</dt>
            <dd>{others.length > 0 ? others.map(other => other.name).join(', ') : 'none'}</dd>
          </div>
        </dl>
        <label className="check">
          <input type="checkbox" checked={withManifest} onChange={event => setWithManifest(event.target.checked)} />
          Delete the manifest too, with every tag that points to it
        </label>
        <ReasonField reason={why} put={setWhy} />
        <DialogFooter
          close={close}
          error={withManifest ? byDigest.error : byTag.error}
          line={
            withManifest
              ? commandLine('distr', 'repository', 'delete-manifest', name, tag.digest, ...words)
              : commandLine('distr', 'repository', 'delete-tag', name, tag.name, ...words)
          }
          kind="danger"
          isOff={byTag.isBusy || byDigest.isBusy}
        >
          {withManifest ? 'Delete the manifest' : 'Delete the tag'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

function DeleteAll({ repository, close, done }: Omit<Props, 'doomed'>) {
  const { act, isBusy, error } = useAction(DELETE_ALL)
  const [typed, setTyped] = useState('')
  const [why, setWhy] = useState('')
  const { reason, words } = reasonOf(why)
  const { name, tags, manifests } = repository
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!(await act({ name, reason }))) return
    toast(`Everything in ${name} is deleted`)
    done()
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Delete everything in ${name}`}
      description={`This is for ever: ${tags.length.toLocaleString()} tags and ${manifests.toLocaleString()} manifests go. Nothing goes if a release names one of them.`}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <TypedName name={name} typed={typed} put={setTyped} />
        <ReasonField reason={why} put={setWhy} />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine('distr', 'repository', 'delete', name, ...words)}
          kind="danger"
          isOff={isBusy || typed !== name}
        >
          Delete everything
        </DialogFooter>
      </form>
    </Dialog>
  )
}
