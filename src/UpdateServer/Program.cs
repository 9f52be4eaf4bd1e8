using System.CommandLine;
using Fota.Shared;

RootCommand root = new("Verifies, publishes and rolls out what the signer signed.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
