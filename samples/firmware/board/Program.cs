using System.CommandLine;
using Fota.Shared;

RootCommand root = new("A simulated board: boot ROM, bootloader and a pump.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
