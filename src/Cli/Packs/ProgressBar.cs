using Spectre.Console;

namespace Fota.Cli.Packs;

/// <summary>A bar on the terminal while chunks are worked on; nothing where nobody watches.</summary>
internal static class ProgressBar
{
    /// <summary>Runs <paramref name="work"/> on another thread and shows how many of <paramref name="chunks"/> are done.</summary>
    public static async Task<T> RunAsync<T>(string what, int chunks, Func<IProgress<int>, T> work)
    {
        // The bar belongs on the terminal and not into what the command prints.
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
        {
            return await Task.Run(() => work(new Counter(static _ => { })));
        }

        return await terminal.Progress().AutoClear(true).StartAsync(async context =>
        {
            ProgressTask task = context.AddTask(what, maxValue: chunks);
            return await Task.Run(() => work(new Counter(done => task.Value = done)));
        });
    }

    // Progress<T> would post to a thread pool, and arrive in any order.
    private sealed class Counter(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
