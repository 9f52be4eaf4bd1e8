using Fota.DeviceAgent.Programs;

namespace Fota.DeviceAgent.Configuration;

/// <summary>A program of the product's, as gates and health checks name one: "program", "arguments" (may be left out) and "seconds" that it may take (1 to 60).</summary>
internal sealed record CommandSettings(string Program, IReadOnlyList<string> Arguments, TimeSpan Patience)
{
    public static CommandSettings Read(SettingsFile file) => new(
        file.FilePath("program"),
        file.Has("arguments") ? file.Texts("arguments") : [],
        TimeSpan.FromSeconds(file.Number("seconds", 1, 60)));

    public ProductCommand ToCommand(TimeProvider time) => new(Program, Arguments, Patience, time);
}
