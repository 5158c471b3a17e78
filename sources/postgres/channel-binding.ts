import type { Client } from 'pg';

/**
 * Ends a connection, before a password is sent, to a server that offers no SCRAM with channel binding: node-postgres
 * knows only "if offered". To be called before the client connects.
 */
export function requireChannelBinding(client: Client): void {
  let bound = false;
  const refuse = () => client.connection.stream.destroy(new ChannelBindingRefused());
  client.connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
    bound = mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (!bound) refuse();
  });
  client.connection.on('authenticationCleartextPassword', refuse);
  client.connection.on('authenticationMD5Password', refuse);
  client.connection.on('authenticationOk', () => {
    if (!bound) refuse();
  });
}

export class ChannelBindingRefused extends Error {}
