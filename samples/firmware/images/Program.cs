using System.CommandLine;
using Fota.Shared;

RootCommand root = new("Generates the sample images.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
