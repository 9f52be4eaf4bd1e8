using System.CommandLine;
using Fota.Samples.Images;
using Fota.Shared;

Option<string> version = new("--version") { Description = "The version that the image says it is, for example 1.0.0.", Required = true };
Option<int> size = new("--size") { Description = "Length of the image in bytes.", DefaultValueFactory = static _ => 3 * 1024 * 1024 };
Option<string> health = new("--health") { Description = "What its self-test says: \"ok\", or \"fail: \" and why.", DefaultValueFactory = static _ => "ok" };
Option<string> output = new("--out") { Description = "The file to write.", Required = true };

RootCommand root = new("Generates images of the sample infusion pump: the same arguments give the same bytes.") { size, health, output };
root.Options.Remove(root.Options.OfType<VersionOption>().Single()); // the image has a version here, the generator needs none
root.Options.Add(version);
root.SetAction(result =>
{
    using FileStream file = File.Create(result.GetRequiredValue(output));
    PumpImage.Write(file, result.GetRequiredValue(version), result.GetRequiredValue(health), result.GetRequiredValue(size));
});
return await CommandLineEntry.RunAsync(root, args, static e => e is FormatException);
