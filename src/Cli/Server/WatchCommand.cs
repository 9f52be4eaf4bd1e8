using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Fota.Cli.Server;

/// <summary>`fota rollout watch`: a rollout as it goes, until it is over.</summary>
internal static class WatchCommand
{
    /// <summary>The exit code for a rollout that ended in another way than completed.</summary>
    public const int NotCompleted = 3;

    private const int MaxSeconds = 3600;

    public static Command Create(Argument<string> id)
    {
        Option<int> every = new("--every") { HelpName = "SECONDS", Description = "How often the server is asked, 1 to 3600.", DefaultValueFactory = static _ => 2 };
        every.Validators.Add(static result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, out int seconds) && seconds is >= 1 and <= MaxSeconds))
            {
                result.AddError($"--every: wanted 1 to {MaxSeconds}, got {result.Tokens[0].Value}");
            }
        });
        Command command = new Command("watch", $"Draws a rollout as it goes, until it is over. Exit code 0: completed; {NotCompleted}: aborted or cancelled. With --json, one line for each change.") { id, every }.WithServer();
        command.SetAction((parsed, cancellation) => RunAsync(parsed, $"api/v1/rollouts/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", TimeSpan.FromSeconds(parsed.GetValue(every)), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string path, TimeSpan every, CancellationToken cancellation)
    {
        JsonElement first = await ServerConnection.GetAsync(parsed, path, cancellation), last = first;
        IAsyncEnumerable<JsonElement> changes = new RolloutWatch(stop => ServerConnection.GetAsync(parsed, path, stop), every, TimeProvider.System).ChangesAsync(first, cancellation);
        if (parsed.GetValue(ServerConnection.AsJson))
        {
            await foreach (JsonElement now in changes)
            {
                Output.JsonLine(last = now);
            }
        }
        else if (AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true })
        {
            await AnsiConsole.Live(RolloutProgress.Draw(first)).StartAsync(async live =>
            {
                await foreach (JsonElement now in changes)
                {
                    live.UpdateTarget(RolloutProgress.Draw(last = now));
                    live.Refresh();
                }
            });
        }
        else
        {
            string[] before = [];
            await foreach (JsonElement now in changes)
            {
                // In a log, the lines that changed: the rest stands above.
                string[] lines = [.. RolloutProgress.Lines(last = now)];
                foreach (string line in lines.Except(before, StringComparer.Ordinal))
                {
                    Output.Line(line);
                }

                before = lines;
            }
        }

        return last.GetProperty("state").GetString() == "completed" ? 0 : NotCompleted;
    }
}
