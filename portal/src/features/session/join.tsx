// Becoming a member by a one-time code, and getting in again by one. The code comes in the fragment of the address, which no browser
// sends, and is taken out of it at once.
import { useLocation } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import { graphql } from '../../gql'
import { ownHostOf } from '../../shell/own-host'
import { Button } from '../../ui/button'
import { RefusalNote } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { useBefore } from '../branding/before'
import { Logo } from '../branding/logo'
import { NewPassword } from './new-password'

const START = graphql(`
  mutation SessionStartByCode($code: String!, $password: String!, $name: String) {
    sessionStartByCode(code: $code, password: $password, name: $name) { expiresAt }
  }
`)

const RESET = 'dsp_'

export function JoinPage() {
  const client = useClient()
  const hash = useLocation({ select: location => location.hash })
  const [code, setCode] = useState(hash)
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CombinedError>()
  const isReset = code.startsWith(RESET)
  const before = useBefore(ownHostOf)
  const shown = before?.displayName ?? 'Distr'
  useEffect(() => {
    document.title = `Use your code · ${shown}`
  }, [shown])
  useEffect(() => {
    if (hash === '') return
    setCode(hash)
    history.replaceState(history.state, '', location.pathname)
  }, [hash])
  const submit = async () => {
    setBusy(true)
    const variables = { code: code.trim(), password, name: isReset ? null : name }
    const result = await client.mutation(START, variables, { asksWhoIsThere: true }).toPromise()
    setBusy(false)
    setError(result.error)
    if (!result.error) location.replace(document.baseURI)
  }
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand">
          <Logo of={before?.branding} /> <span>{shown}</span>
        </p>
        <h1>{isReset ? 'Choose a new password' : 'Become a member'}</h1>
        {window.isSecureContext ? null : (
          <p className="note">This connection is not encrypted: whoever is between you and the hub can read along.</p>
        )}
        <form
          className="form"
          onSubmit={event => {
            event.preventDefault()
            void submit()
          }}
        >
          <Field
            label="Code"
            value={code}
            onChange={event => setCode(event.target.value)}
            required
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            hint="It is good once, and says whose it is."
          />
          {isReset ? null : (
            <Field
              label="Your name"
              value={name}
              onChange={event => setName(event.target.value)}
              required
              maxLength={200}
              autoComplete="name"
            />
          )}
          <NewPassword password={password} put={setPassword} />
          <RefusalNote error={error} />
          <Button kind="primary" type="submit" disabled={isBusy}>
            {isBusy ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
        <p className="hint">
          Same in the CLI: <code>distr login --code</code>
        </p>
      </div>
    </main>
  )
}
