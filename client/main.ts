const [first, ...others] = process.argv.slice(2);

// A key was pressed in a shell (completion-scripts.ts): nothing else is loaded than that needs.
if (first === 'complete') {
  const { complete } = await import('./complete-words.js');
  await complete(others);
} else {
  const { main } = await import('./program.js');
  await main(process.argv.slice(2));
}
