using System.CommandLine;
using Fota.Shared;

RootCommand root = new("Fota for people: releases, rollouts, devices.");
return await CommandLineEntry.RunAsync(root, args, static _ => false);
