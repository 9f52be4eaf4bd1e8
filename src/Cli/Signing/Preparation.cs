using System.Text.Json;
using Spectre.Console;

namespace Fota.Cli.Signing;

/// <summary>Waits while the service cuts, hashes and compresses.</summary>
internal static class Preparation
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>The request, when nothing is being prepared any more.</summary>
    public static async Task<JsonElement> WaitAsync(ServiceClient client, JsonElement request, CancellationToken cancellation)
    {
        if (!IsPreparing(request))
        {
            return request;
        }

        if (Console.IsErrorRedirected)
        {
            return await PollAsync(client, request, static (_, _) => { }, cancellation);
        }

        IAnsiConsole people = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await people.Progress().StartAsync(async progress =>
        {
            ProgressTask task = progress.AddTask("the service compresses and signs");
            return await PollAsync(client, request, (done, all) => (task.Value, task.MaxValue) = (done, Math.Max(all, 1)), cancellation);
        });
    }

    private static async Task<JsonElement> PollAsync(ServiceClient client, JsonElement request, Action<int, int> progress, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(s_pause);
        string id = request.GetProperty("id").GetString()!;
        while (IsPreparing(request))
        {
            await timer.WaitForNextTickAsync(cancellation);
            request = await client.GetAsync($"api/v1/requests/{id}", cancellation);
            if (request.GetProperty("chunks_all") is { ValueKind: JsonValueKind.Number } all)
            {
                progress(request.GetProperty("chunks_done").GetInt32(), all.GetInt32());
            }
        }

        return request;
    }

    private static bool IsPreparing(JsonElement request) => request.GetProperty("state").ValueEquals("preparing");
}
