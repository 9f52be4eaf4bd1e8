using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Fota.DeviceAgent.Programs;

/// <summary>What came of a program of the product's.</summary>
internal abstract record CommandResult
{
    private CommandResult()
    {
    }

    /// <summary>It ended by itself.</summary>
    /// <param name="Code">Its exit code.</param>
    /// <param name="Said">The first line that it printed, cut to 200 characters; empty for none.</param>
    public sealed record Exited(int Code, string Said) : CommandResult;

    /// <summary>It could not be started, or took too long and was ended.</summary>
    /// <param name="Why">Which of the two.</param>
    public sealed record Failed(string Why) : CommandResult;
}

/// <summary>A program of the product's that the agent asks: by its path and without a shell, for a bounded time, and with a bounded ear for what it prints.</summary>
internal sealed class ProductCommand
{
    private const int MaxSaid = 200, MaxKept = 4096;

    // A grandchild may hold the output open for ever.
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    private readonly string _program;
    private readonly string[] _arguments;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;

    /// <summary>A command, not started yet.</summary>
    /// <param name="program">Path of the program.</param>
    /// <param name="arguments">Its arguments, passed on as they are.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="time">Measures that.</param>
    public ProductCommand(string program, IReadOnlyList<string> arguments, TimeSpan patience, TimeProvider time)
    {
        _program = program;
        _arguments = [.. arguments];
        _patience = patience;
        _time = time;
    }

    /// <summary>The program's file name.</summary>
    public string Name => Path.GetFileName(_program);

    /// <summary>Runs it to its end.</summary>
    public async Task<CommandResult> RunAsync(IReadOnlyList<(string Name, string Value)> environment, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ProcessStartInfo start = new(_program, _arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(start) ?? throw new IOException("it did not start");
            process.StandardInput.Close();
            return await WaitAsync(process, cancellation);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return new CommandResult.Failed($"{Name}: {e.Message}");
        }
    }

    private async Task<CommandResult> WaitAsync(Process process, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = new(_patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        MemoryStream said = new();
        Task listening = ListenAsync(process.StandardOutput.BaseStream, said, either.Token);
        try
        {
            await process.WaitForExitAsync(either.Token);
            await Task.WhenAny(listening, Task.Delay(s_lastWords, _time, either.Token));
            return new CommandResult.Exited(process.ExitCode, FirstLine(said));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return new CommandResult.Failed($"{Name}: did not end within {_patience.TotalSeconds} s");
        }
        finally
        {
            await patience.CancelAsync();
        }
    }

    // What is beyond the bound is read and dropped: a program that finds its pipe full would wait for us.
    private static async Task ListenAsync(Stream output, MemoryStream said, CancellationToken cancellation)
    {
        byte[] buffer = new byte[MaxKept];
        try
        {
            int read;
            while ((read = await output.ReadAsync(buffer, cancellation)) > 0)
            {
                lock (said)
                {
                    said.Write(buffer, 0, (int)Math.Min(read, MaxKept - said.Length));
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // it was ended; what it said until then will do
        }
    }

    private static string FirstLine(MemoryStream said)
    {
        byte[] bytes;
        lock (said)
        {
            bytes = said.ToArray();
        }

        string line = Encoding.UTF8.GetString(bytes).Split('\n')[0].Trim();
        return new string([.. line.Where(static c => !char.IsControl(c)).Take(MaxSaid)]);
    }
}
