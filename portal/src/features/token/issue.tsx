// A new token. Its secret is in the answer alone: it is shown once, and kept nowhere.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { TokenScope } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { CommandLine } from '../../ui/copy'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Secret } from '../../ui/secret'
import { commandLine } from '../../ui/shell-words'
import { useAction } from '../../ui/use-action'
import { useMay, useWhoIsThere } from '../session/viewer'
import { endOf } from './expiry'
import { SCOPES } from './queries'

const ISSUE = graphql(`
  mutation TokenIssue(
    $label: String!, $scopes: [TokenScope!]!, $repositories: [Pattern!], $expiresAt: DateTime, $member: ID
  ) {
    tokenIssue(label: $label, scopes: $scopes, repositories: $repositories, expiresAt: $expiresAt, member: $member) {
      secret
    }
  }
`)

/** A robot; its own id and name. */
export type Owner = { id: string; name: string }

type Props = { owner: Owner | undefined; close: () => void; done: () => void }

export function IssueDialog({ owner, close, done }: Props) {
  const { viewer } = useWhoIsThere()
  const { act, isBusy, error } = useAction(ISSUE)
  const mayPush = useMay('PUSH_ARTIFACTS')
  const [label, setLabel] = useState('')
  const [scopes, setScopes] = useState<TokenScope[]>(['PULL'])
  const [only, setOnly] = useState('')
  const [day, setDay] = useState('')
  const [secret, setSecret] = useState<string>()
  const offered = (Object.keys(SCOPES) as TokenScope[]).filter(
    scope => owner || mayPush || (scope !== 'PUSH' && scope !== 'DELETE'),
  )
  const repositories = only.split(/[\s,]+/).filter(Boolean)
  const toggle = (scope: TokenScope) =>
    setScopes(scopes.includes(scope) ? scopes.filter(one => one !== scope) : [...scopes, scope])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ label, scopes, repositories, expiresAt: endOf(day), member: owner?.id ?? null })
    if (!answer) return
    done()
    setSecret(answer.tokenIssue.secret ?? undefined)
  }
  if (secret) return <SecretDialog secret={secret} label={label} close={close} />
  return (
    <Dialog
      open
      onClose={close}
      title={owner ? `Issue a token for ${owner.name}` : 'Issue a token of your own'}
      description={`It opens what you tick, within what ${owner ? 'the robot' : 'you'} may do.`}
    >
      <form className="form" onSubmit={event => void submit(event)}>
        <Field
          label="Label"
          value={label}
          onChange={event => setLabel(event.target.value)}
          required
          maxLength={100}
          placeholder="what it is for"
          autoComplete="off"
        />
        <fieldset className="choices">
          <legend>Opens</legend>
          {offered.map(scope => (
            <label key={scope} className="check">
              <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
              {scope.toLowerCase()} <span className="muted">{SCOPES[scope]}</span>
            </label>
          ))}
        </fieldset>
        {viewer.customer ? null : (
          <Field
            label="Only these repositories"
            value={only}
            onChange={event => setOnly(event.target.value)}
            placeholder="hello team/*"
            autoCapitalize="none"
            spellCheck={false}
            hint="Names or patterns, with spaces between them; all repositories if empty."
          />
        )}
        <Field
          label="Good through"
          type="date"
          value={day}
          onChange={event => setDay(event.target.value)}
          hint="The end of that day, UTC; without a day it never ends by itself."
        />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'token',
            'create',
            label || 'laptop',
            ...scopes.flatMap(scope => ['--scope', scope.toLowerCase()]),
            ...repositories.flatMap(pattern => ['--repository', pattern]),
            day !== '' && '--expires',
            day || undefined,
            owner !== undefined && '--member',
            owner?.name,
          )}
          isOff={isBusy || scopes.length === 0}
        >
          {isBusy ? 'Issuing…' : 'Issue'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

function SecretDialog({ secret, label, close }: { secret: string; label: string; close: () => void }) {
  const { hub } = useWhoIsThere()
  return (
    <Dialog open onClose={close} title={`The token ${label}`} wide description="It is not shown again.">
      <Secret text={secret} what="the token" />
      <p className="hint">For Docker, with the token in a variable:</p>
      <CommandLine
        line={`printenv DISTR_TOKEN | docker login ${hub.registryHost} --username token --password-stdin`}
        label="docker login"
      />
      <div className="dialog-actions">
        <Button kind="primary" onClick={close}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}
