using System.Text.RegularExpressions;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>A signer's home with SoftHSM2 tokens of its own, made by the shipped plan; every command is a process, as people run it.</summary>
internal sealed partial class SignerSite : IDisposable
{
    public const string Product = "infusion-pump";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-roles-");

    /// <summary>Blank: PINs for the tokens of the shipped plan, and neither tokens nor home.</summary>
    public SignerSite()
    {
        Directory.CreateDirectory(Path("tokens"));
        Directory.CreateDirectory(Path("pins"));

        // So that a runbook's "fota-signer" is the one that was built with this test.
        Directory.CreateDirectory(Path("bin"));
        File.CreateSymbolicLink(Path("bin/fota-signer"), System.IO.Path.Combine(AppContext.BaseDirectory, "Fota.Signer"));
        foreach (Match token in TokenPattern().Matches(File.ReadAllText(Plan)))
        {
            WritePins(token.Value);
        }

        WriteConfiguration();
    }

    private SignerSite(SignerSite other)
    {
        foreach (FileSystemInfo entry in other._folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            string copy = Path(System.IO.Path.GetRelativePath(other._folder.FullName, entry.FullName));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            if (entry.LinkTarget is { } target)
            {
                File.CreateSymbolicLink(copy, target);
            }
            else if (entry is FileInfo file)
            {
                file.CopyTo(copy);
            }
        }

        WriteConfiguration();
    }

    public string Home => Path("home");

    public string Repository => Path("home/repository");

    /// <summary>The variables that a shell needs in which people work.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["SOFTHSM2_CONF"] = Path("softhsm2.conf"),
        ["PATH"] = $"{Path("bin")}:{System.Environment.GetEnvironmentVariable("PATH")}",
    };

    public static string Plan => RepositoryRoot.Path("hsm-config", "ceremony.yaml");

    public static async Task<SignerSite> CreateAsync()
    {
        SignerSite site = new();
        await site.RunAsync("ceremony", "--plan", Plan, "--home", site.Home, "--pin-dir", site.Path("pins"));
        return site;
    }

    /// <summary>Another site with the same tokens, home and PINs, which goes its own way.</summary>
    public SignerSite Copy() => new(this);

    public string Path(string relative) => System.IO.Path.Combine(_folder.FullName, relative);

    public string Pin(string token) => Path($"pins/{token}.pin");

    /// <summary>Runs a command of fota-signer that has to succeed.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfFileAsync(Path("bin/fota-signer"), Environment, arguments);
        Assert.That(run.ExitCode, Is.Zero, $"fota-signer {string.Join(' ', arguments)}: {run.Error}");
        return run.Output;
    }

    /// <summary>A release from image to timestamp.</summary>
    public async Task ReleaseAsync(string version, string author = "release", string approver = "approver")
    {
        byte[] image = new byte[100_000];
        new Span<byte>(image).Fill((byte)version.Sum(static c => c));
        await File.WriteAllBytesAsync(Path("image"), image);
        string[] release = ["--home", Home, "--product", Product, "--version", version];
        string digest = Value(await RunAsync(["release", "create", .. release, "--security-version", "1", "--image", Path("image"), "--as", author, "--pin-file", Pin(author)]), "manifest digest");
        await RunAsync(["release", "approve", .. release, "--manifest-digest", digest, "--as", approver, "--pin-file", Pin(approver)]);
        await RunAsync(["release", "publish", .. release, "--as", author, "--pin-file", Pin(author)]);
        await RunAsync("online", "--home", Home, "--once", "--pin-file", Pin("online"));
    }

    public async Task MakeKeyAsync(string label, string? token = null, string algorithm = "ecdsa-p256")
    {
        string[] blank = [];
        if (token is null)
        {
            WritePins(label);
            blank = ["--so-pin-file", Path($"pins/{label}.so-pin")];
        }

        await RunAsync(["key", "make", "--home", Home, "--label", label, "--token", token ?? label, "--algorithm", algorithm, "--pin-file", Pin(token ?? label), .. blank]);
    }

    /// <summary>Proposes a change and has it signed, by KEY@TOKEN where the two are not called the same; it is then to be applied, or not.</summary>
    /// <returns>Its digest.</returns>
    public Task<string> ProposeAsync(string options, params string[] signers) => ProposeInAsync(Home, options, signers);

    /// <inheritdoc cref="ProposeAsync"/>
    public async Task<string> ProposeInAsync(string home, string options, params string[] signers)
    {
        string change = Value(await RunAsync(["role", "propose", "--home", home, .. options.Split(' ')]), "change");
        foreach (string signer in signers)
        {
            await RunAsync("role", "sign", "--home", home, "--change", change, "--key", signer.Split('@')[0], "--pin-file", Pin(signer.Split('@')[^1]));
        }

        return change;
    }

    public async Task ChangeAsync(string options, params string[] signers)
    {
        string change = await ProposeAsync(options, signers);
        await RunAsync("role", "apply", "--home", Home, "--change", change, "--pin-file", Pin("online"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Value(string output, string name) => output.Split('\n').Single(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];

    private void WriteConfiguration() => File.WriteAllText(Path("softhsm2.conf"), $"directories.tokendir = {Path("tokens")}\nobjectstore.backend = file\nlog.level = ERROR\n");

    public void WritePins(string token)
    {
        foreach (string file in new[] { Pin(token), Path($"pins/{token}.so-pin") })
        {
            File.WriteAllText(file, System.IO.Path.GetFileName(file) + " secret\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [GeneratedRegex("(?<=token: )[a-z0-9-]+", RegexOptions.None, 1000)]
    private static partial Regex TokenPattern();
}
