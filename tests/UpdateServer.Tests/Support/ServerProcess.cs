using System.Diagnostics;
using System.Text;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>fota-server as a process of its own, in the folder of a <see cref="ServerUnderTest"/> that was stopped. It can be killed as by the kernel.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _data;

    private ServerProcess(Process process, string data, Uri address)
    {
        _process = process;
        _data = data;
        Address = address;
    }

    public Uri Address { get; }

    /// <param name="prepared">Whose folder it is.</param>
    /// <param name="database">The member of the configuration; SQLite where it is left out.</param>
    /// <param name="blobs">The member of the configuration; files where it is left out.</param>
    public static async Task<ServerProcess> StartAsync(ServerUnderTest prepared, string database = """{"kind":"sqlite"}""", string blobs = """{"kind":"files"}""")
    {
        string config = prepared.PathOf("server.json");
        await File.WriteAllTextAsync(config, $$$"""
            {"layout":"development","listen":"127.0.0.1:0","data":"data","trustedRoot":"root.json","deviceCa":"device-ca.pem","database":{{{database}}},"blobs":{{{blobs}}},
             "tls":{"certificate":"server.pem","unsafeKeyFile":"server.key"}}
            """);
        Process process = Process.Start(new ProcessStartInfo("dotnet", [typeof(FotaServer).Assembly.Location, "run", "--config", config])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        StringBuilder log = new();
        process.ErrorDataReceived += (_, line) => log.AppendLine(line.Data);
        process.BeginErrorReadLine(); // read, so that the server never waits for its log to be
        string? line = await process.StandardOutput.ReadLineAsync();
        if (line is null)
        {
            await process.WaitForExitAsync(); // and so for the end of its log
        }

        Assert.That(line, Does.StartWith("listening on "), log.ToString());
        return new ServerProcess(process, prepared.PathOf("data"), new Uri(line!["listening on ".Length..]));
    }

    /// <summary>Kills it (SIGKILL) as soon as something changes at a path in its data folder that begins like this; done when it is dead.</summary>
    public async Task KillAtAsync(string path, Func<Task> act)
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using FileSystemWatcher watcher = new(_data) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite };
        watcher.Created += OnEvent;
        watcher.Changed += OnEvent;
        watcher.EnableRaisingEvents = true;
        Task acting = act();
        if (await Task.WhenAny(seen.Task, acting) == acting)
        {
            await acting; // over already: either it failed, or what it changed is about to be seen
        }

        await seen.Task;
        await _process.WaitForExitAsync();
        await acting;

        void OnEvent(object sender, FileSystemEventArgs e)
        {
            if (e.Name!.StartsWith(path, StringComparison.Ordinal) && seen.TrySetResult())
            {
                _process.Kill();
            }
        }
    }

    /// <summary>Kills it (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
