using System.CommandLine;
using Fota.Shared;

RootCommand root = new("Signs releases and repository metadata with keys that never leave their tokens.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
