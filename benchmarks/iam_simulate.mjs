// Decides the requests of a file with the iam-simulate that a folder holds: `node iam_simulate.mjs FOLDER requests.jsonl`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [, , installed, file] = process.argv
const { runSimulation } = createRequire(`${installed}/`)('@cloud-copilot/iam-simulate')

const counts = {}
for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
  const { policy, request } = JSON.parse(line)
  const resource = { resource: request.resource, accountId: request.resource.split(':')[4] }
  const { principal, action, context } = request
  const asked = { principal: principal.service, action, resource, contextVariables: context }
  const without = { identityPolicies: [], serviceControlPolicies: [], resourceControlPolicies: [] }
  const found = await runSimulation({ request: asked, resourcePolicy: policy, ...without }, {})
  const result = found.overallResult ?? found.resultType
  counts[result] = (counts[result] ?? 0) + 1
}
console.log(JSON.stringify(counts))
