import { dataConverterOf } from '../../encryption/data-converter.js';

/** With this key, which is no secret, the histories in test/histories/encrypted were recorded. */
const recordedWith = `recorded:${Buffer.alloc(32, 'inlet').toString('base64')}`;

export const recordedConverter = dataConverterOf({ get: () => recordedWith });
