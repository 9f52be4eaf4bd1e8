using System.CommandLine;
using Fota.Shared;

RootCommand root = new("Keeps one device up to date, trusting only what it has proven.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
