/** Why a rule is none, and where: counted from 1. */
export class RuleSyntaxError extends Error {
  constructor(reason: string, at: number) {
    super(`${reason} (at character ${at + 1})`);
    this.name = 'RuleSyntaxError';
  }
}
