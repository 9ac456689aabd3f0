"""From records, plan and declared claims to verdicts. One entry: `judging.judge_claims`. Rules: docs/claims.md."""
