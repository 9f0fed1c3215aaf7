/** Why an expression is not taken, for whoever wrote it. */
export class ExpressionFault extends Error {}
