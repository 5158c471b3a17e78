// Temporal's SDK takes a failure converter as the path of a file that it can require() and put into the workflows' bundle.
const { DefaultFailureConverter } = require('@temporalio/common');

/** Moves messages and stack traces into a payload, which the codec encrypts. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
