using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>"fota-agent tuf" with a repository on the loopback address and two folders: the trusted metadata (D) and the targets (X).</summary>
internal sealed class TufProgram : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-tuf-");

    /// <summary>The roles below the root, in the order in which they are refreshed; "role" is delegated to.</summary>
    public static string[] Roles => ["timestamp", "snapshot", "targets", "role"];

    /// <summary>The bytes of the target "pump/firmware".</summary>
    public static byte[] Firmware => [1, 2, 3, 4];

    private TufProgram(TufRepository repository, TufServer server)
    {
        Repository = repository;
        Server = server;
    }

    public TufRepository Repository { get; }

    public TufServer Server { get; }

    public string MetadataFolder => Path.Combine(_folder.FullName, "metadata");

    public string TargetFolder => Path.Combine(_folder.FullName, "targets");

    /// <summary>The command line that every command has in common.</summary>
    public string[] Common => ["tuf", "--metadata-url", Server.Address + "metadata/", "--metadata-dir", MetadataFolder];

    /// <summary>A repository of today, and a client that has begun with its first root.</summary>
    public static async Task<TufProgram> StartAsync(Action<TufRepository>? configure = null)
    {
        TufRepository repository = new(TimeProvider.System.GetUtcNow(), configure);
        TufProgram program = new(repository, await TufServer.StartAsync(repository));
        ProgramRun begun = await program.InitAsync(repository.TrustedRoot);
        Assert.That(begun.ExitCode, Is.Zero, begun.Error);
        return program;
    }

    public async Task<ProgramRun> InitAsync(byte[] root)
    {
        string file = Path.Combine(_folder.FullName, "initial.json");
        await File.WriteAllBytesAsync(file, root);
        return await RunAsync("tuf", "--metadata-dir", MetadataFolder, "init", file);
    }

    public Task<ProgramRun> RefreshAsync() => RunAsync([.. Common, "refresh"]);

    public Task<ProgramRun> DownloadAsync(params string[] targets) => RunAsync(Download(targets));

    /// <summary>Runs a command with the clock that much ahead, as libfaketime fakes it.</summary>
    public static Task<ProgramRun> RunAtAsync(TimeSpan ahead, params string[] arguments) =>
        ProgramRun.OfFileAsync("/usr/bin/faketime", null, ["-f", $"{(ahead < TimeSpan.Zero ? "" : "+")}{(long)ahead.TotalSeconds}", InstalledPrograms.AgentProgram, .. arguments]);

    public static Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.OfFileAsync(InstalledPrograms.AgentProgram, null, arguments);

    public string[] Download(params string[] targets) =>
        [.. Common, .. targets.SelectMany(static target => (string[])["--target-name", target]), "--target-dir", TargetFolder, "--target-base-url", Server.Address + "targets/", "download"];

    /// <summary>Refreshes, which has to succeed.</summary>
    public async Task RefreshedAsync()
    {
        ProgramRun run = await RefreshAsync();
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    /// <summary>The trusted file of a role; null when there is none.</summary>
    public byte[]? Trusted(string role)
    {
        string file = Path.Combine(MetadataFolder, role + ".json");
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    /// <summary>All files of D by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Everything() =>
        Directory.GetFiles(MetadataFolder).ToDictionary(static file => Path.GetFileName(file), File.ReadAllBytes, StringComparer.Ordinal);

    public string[] TargetFiles() => Directory.Exists(TargetFolder) ? [.. Directory.GetFileSystemEntries(TargetFolder).Select(static file => Path.GetFileName(file)).Order(StringComparer.Ordinal)] : [];

    public byte[] Target(string name) => File.ReadAllBytes(Path.Combine(TargetFolder, name));

    /// <summary>The command fails with exit code 1 and one line that begins with this reason.</summary>
    public static void Refuses(ProgramRun run, string reason)
    {
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Error);
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1), run.Error);
        Assert.That(run.ErrorLines[0], Does.Contain(": " + reason));
    }

    /// <summary>A client that has downloaded "pump/firmware", which the role "role" lists.</summary>
    public static async Task<TufProgram> WithReleaseAsync(Action<TufRepository>? configure = null)
    {
        TufProgram program = await StartAsync(configure);
        TufRole role = program.Repository.Targets.Delegate("role", "pump/*");
        program.Repository.AddTarget(role, "pump/firmware", [.. Firmware]);
        program.Repository.Publish();
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("pump/firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return program;
    }

    public TufRole Role(string name) => name switch
    {
        "timestamp" => Repository.Timestamp,
        "snapshot" => Repository.Snapshot,
        "targets" => Repository.Targets,
        _ => Repository.Targets.Delegations[0].Role,
    };

    /// <summary>Publishes a role and what points to it.</summary>
    public void Republish(string name)
    {
        if (name is "targets" or "role")
        {
            Repository.PublishTargets(Role(name));
        }

        if (name is not "timestamp")
        {
            Repository.PublishSnapshot();
        }

        Repository.PublishTimestamp();
    }

    public Task<ProgramRun> PublishAndDownloadAsync()
    {
        Repository.Publish();
        return DownloadAsync("pump/firmware");
    }

    /// <summary>Refuses, and leaves every trusted file as it was.</summary>
    public async Task RefusesAndChangesNothingAsync(string reason)
    {
        IReadOnlyDictionary<string, byte[]> before = Everything();
        Refuses(await DownloadAsync("pump/firmware"), reason);
        Assert.That(Everything(), Is.EquivalentTo(before));
    }

    /// <summary>
    /// Publishes anew, and the file of one role is refused: the roles before it are what the repository has now, it and those after it are what they were.
    /// </summary>
    public async Task RefusesAndKeepsAsync(string name, string reason, bool publish = true)
    {
        if (publish)
        {
            Repository.Publish();
        }
        else
        {
            Repository.PublishTimestamp();
        }

        Dictionary<string, byte[]> wanted = new(Everything(), StringComparer.Ordinal);
        foreach (string role in Roles.TakeWhile(role => role != name && name != "root"))
        {
            wanted[role + ".json"] = Repository.Current(Role(role));
        }

        Refuses(await DownloadAsync("pump/firmware"), reason);
        Assert.That(Everything(), Is.EquivalentTo(wanted));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
