using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Signer.Home;
using Fota.Signer.Journal;

namespace Fota.Signer.Commands;

/// <summary>fota-signer journal: every use of a key that began in this home.</summary>
internal static class JournalCommand
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<bool> json = Arguments.Json();
        Command command = new("journal", "Lists every signature: what was intended, and what came of it.") { home, json };
        command.SetAction(async (arguments, cancellation) =>
        {
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            IReadOnlyList<JournalEntry> entries = opened.Journal.Entries();
            await host.Out.WriteAsync(arguments.GetValue(json)
                ? JsonSerializer.Serialize(entries, s_options) + "\n"
                : string.Concat(entries.Select(static entry => $"{entry.Id,5} {entry.Time} {entry.KeyLabel,-12} {entry.Purpose,-12} {entry.Result,-8} {entry.Subject}{(entry.Reason is null ? "" : $": {entry.Reason}")}\n")));
        });
        return command;
    }
}
