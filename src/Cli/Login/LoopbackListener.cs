using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Fota.Cli.Login;

/// <summary>
/// Waits on the loopback interface for the answer to one request. Any program of this machine can knock here, and browsers connect ahead of time and say nothing: some connections are
/// heard at once, each for a short time and a short request, and none of them keeps the answer out.
/// </summary>
internal sealed class LoopbackListener : IDisposable
{
    /// <summary>How many connections are heard at once; others wait for one of these to end.</summary>
    public const int MaxConnections = 32;

    private const int MaxRequest = 8 * 1024;
    private const string Path = "/callback";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TimeProvider _time;

    public LoopbackListener(TimeProvider time)
    {
        _time = time;
        _listener.Start();
    }

    /// <summary>How long a connection may take for its request.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the answer is to come.</summary>
    public string Redirect => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{Path}";

    /// <summary>The parameters of the first answer that has this state.</summary>
    public async Task<IReadOnlyDictionary<string, string>> WaitAsync(string state, CancellationToken cancellation)
    {
        TaskCompletionSource<IReadOnlyDictionary<string, string>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using SemaphoreSlim room = new(MaxConnections);
        Task accepting = AcceptAsync(room, state, answer, end.Token);
        try
        {
            await Task.WhenAny(answer.Task, accepting);
            return answer.Task.IsCompleted ? await answer.Task : throw new OperationCanceledException(cancellation);
        }
        finally
        {
            await end.CancelAsync();
            await accepting;
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync(SemaphoreSlim room, string state, TaskCompletionSource<IReadOnlyDictionary<string, string>> answer, CancellationToken end)
    {
        HashSet<Task> heard = [];
        try
        {
            while (true)
            {
                await room.WaitAsync(end);
                TcpClient client = await _listener.AcceptTcpClientAsync(end);
                heard.RemoveWhere(static t => t.IsCompleted);
                heard.Add(HearAsync(client, room, state, answer, end));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(heard);
        }
    }

    private async Task HearAsync(TcpClient client, SemaphoreSlim room, string state, TaskCompletionSource<IReadOnlyDictionary<string, string>> answer, CancellationToken end)
    {
        try
        {
            using CancellationTokenSource late = new(Patience, _time), both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, end);
            using (client)
            {
                await using NetworkStream stream = client.GetStream();
                Dictionary<string, string>? said = Parse(await ReadLineAsync(stream, both.Token));
                bool isAnswer = said?.GetValueOrDefault("state") is { } given && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(state));
                string text = isAnswer ? "Fota has what it needs. You can close this page." : "There is nothing here.";
                try
                {
                    await stream.WriteAsync(
                        Encoding.ASCII.GetBytes($"HTTP/1.1 {(isAnswer ? "200 OK" : "404 Not Found")}\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}"),
                        both.Token);
                }
                finally
                {
                    // Whoever brought it may not wait for an answer of ours.
                    if (isAnswer)
                    {
                        answer.TrySetResult(said!);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // It went away, or took too long: nothing was said.
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>The first line of a request; empty for what is none.</summary>
    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellation)
    {
        byte[] buffer = new byte[MaxRequest];
        int length = 0, read;
        while (length < buffer.Length && !buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            if ((read = await stream.ReadAsync(buffer.AsMemory(length), cancellation)) == 0)
            {
                return "";
            }

            length += read;
        }

        string text = Encoding.ASCII.GetString(buffer, 0, length);
        return text.IndexOf("\r\n", StringComparison.Ordinal) is > 0 and int end ? text[..end] : "";
    }

    private static Dictionary<string, string>? Parse(string line)
    {
        if (line.Split(' ') is not ["GET", { } target, "HTTP/1.1"] || !target.StartsWith(Path + "?", StringComparison.Ordinal))
        {
            return null;
        }

        Dictionary<string, string> said = new(StringComparer.Ordinal);
        foreach (string[] pair in target[(Path.Length + 1)..].Split('&').Select(static p => p.Split('=', 2)))
        {
            if (pair.Length != 2 || !said.TryAdd(pair[0], Uri.UnescapeDataString(pair[1].Replace('+', ' '))))
            {
                return null;
            }
        }

        return said;
    }
}
