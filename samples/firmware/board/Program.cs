using System.CommandLine;
using System.ComponentModel;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Samples.Board;
using Fota.Shared;

Option<string> config = new("--config") { Description = "The board's configuration file, board.json.", Required = true };
Option<string> image = new("--image") { Description = "The first image.", Required = true };
Option<string> envelope = new("--envelope") { Description = "The image's SUIT envelope.", Required = true };
Option<string> agent = new("--agent")
{
    Description = "The program fota-agent.",
    DefaultValueFactory = static _ => Path.Combine(AppContext.BaseDirectory, "fota-agent"),
};

Command manufacture = new("manufacture", "Puts the first image on a new device.") { config, image, envelope };
manufacture.SetAction(result => Factory.Manufacture(BoardSettings.Load(result.GetRequiredValue(config)), result.GetRequiredValue(image), result.GetRequiredValue(envelope)));

Command powerOn = new("power-on", "Boots the board and keeps it running until it is stopped. Exit code 1 when no slot may run.") { config, agent };
powerOn.SetAction(async (result, cancellation) => await new PoweredBoard(BoardSettings.Load(result.GetRequiredValue(config)), result.GetRequiredValue(agent)).RunAsync(cancellation));

RootCommand root = new("A simulated board: boot ROM, bootloader and a pump.") { manufacture, powerOn };
return await CommandLineEntry.RunAsync(root, args, static e => e is SettingsException or DeviceStateException or RejectedException or Win32Exception);
