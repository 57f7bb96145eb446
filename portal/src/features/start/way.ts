// The way from an empty organization to a first healthy release, each step ticked by what is there, whoever made it and wherever.
import { graphql } from '../../gql'
import type { StartQuery } from '../../gql/graphql'
import { commandLine } from '../../ui/shell-words'

export const START = graphql(`
  query Start {
    sessions { id userAgent }
    applications(first: 1) {
      nodes {
        id name
        channels { id name current }
        releases(first: 20) { nodes { id version status } }
      }
    }
    repositories(first: 1) { nodes { name tags { name } } }
    customers(first: 1) { nodes { id name } }
    licenses(first: 1) { nodes { id name customer { id name } } }
    targets(first: 100) {
      nodes { id name lastHeartbeatAt customer { id name } deployments { id phase } }
    }
  }
`)

export type Names = { hub: string; registry: string; organization: string; email: string }
export type Stage = { id: string; title: string; why: string; isDone: boolean; lines: string[] }

export function way(now: StartQuery, { hub, registry, organization, email }: Names): Stage[] {
  const [application] = now.applications.nodes
  const [repository] = now.repositories.nodes
  const [customer] = now.customers.nodes
  const [license] = now.licenses.nodes
  const targets = now.targets.nodes
  const heard = targets.find(target => target.lastHeartbeatAt)
  const published = application?.releases.nodes.find(release => release.status === 'PUBLISHED')
  const promoted = application?.channels.find(channel => channel.current)

  const app = application?.name ?? 'hello'
  const channel = application?.channels[0]?.name ?? 'stable'
  const version = published?.version ?? repository?.tags[0]?.name ?? '1.0.0'
  const of = license?.customer.name ?? customer?.name ?? 'globex'
  const target = (heard ?? targets[0])?.name ?? 'factory'
  const image = `${registry}/${organization}/${repository?.name ?? 'hello'}:1.0.0`
  return [
    {
      id: 'cli',
      title: 'Sign in with the command line',
      why: 'What pages do, the command line does too; pipelines use it.',
      isDone: now.sessions.some(({ userAgent }) => userAgent?.startsWith('distr/')),
      lines: [commandLine('distr', 'login', '--hub', hub, '--organization', organization, '--email', email)],
    },
    {
      id: 'application',
      title: 'Create an application and a channel',
      why: 'An application is a product of yours; a channel points to the release that customers get.',
      isDone: (application?.channels.length ?? 0) > 0,
      lines: [
        commandLine('distr', 'app', 'create', app),
        commandLine('distr', 'channel', 'create', channel, '--app', app),
      ],
    },
    {
      id: 'push',
      title: 'Push an image',
      why: 'The registry is in the hub: a token lets Docker in.',
      isDone: repository !== undefined,
      lines: [
        `distr token create laptop --scope pull --scope push | docker login ${registry} --username token --password-stdin`,
        commandLine('docker', 'push', image),
      ],
    },
    {
      id: 'publish',
      title: 'Publish a release',
      why: 'A compose file becomes a version that never changes again, with each image pinned.',
      isDone: published !== undefined,
      lines: [
        commandLine('distr', 'release', 'publish', '--app', app, '--version', version, '--compose', 'compose.yaml'),
      ],
    },
    {
      id: 'promote',
      title: 'Promote it',
      why: 'Who follows the channel is offered the release from then on.',
      isDone: promoted !== undefined,
      lines: [commandLine('distr', 'channel', 'promote', channel, '--app', app, '--version', version)],
    },
    {
      id: 'license',
      title: 'Create a customer, and license it',
      why: 'Without a license in force, nothing may be pulled or deployed.',
      isDone: license !== undefined,
      lines: [
        commandLine('distr', 'customer', 'create', of),
        commandLine('distr', 'license', 'issue', app, '--customer', of, '--app', app),
      ],
    },
    {
      id: 'target',
      title: 'Install the agent on a machine',
      why: 'The first line prints one command for that machine; this ticks with its first heartbeat.',
      isDone: heard !== undefined,
      lines: [commandLine('distr', 'target', 'create', target, '--customer', of)],
    },
    {
      id: 'deploy',
      title: 'Deploy',
      why: 'It is done when the release is healthy there, not when it was asked for.',
      isDone: targets.some(one => one.deployments.some(({ phase }) => phase === 'HEALTHY')),
      lines: [
        commandLine(
          'distr',
          'deploy',
          '--customer',
          of,
          '--target',
          target,
          '--app',
          app,
          '--channel',
          channel,
          '--wait',
        ),
      ],
    },
  ]
}
