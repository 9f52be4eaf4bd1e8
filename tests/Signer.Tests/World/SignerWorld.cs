using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.Signer.Commands;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>
/// A signer's home with SoftHSM2 tokens of its own, made by a real ceremony from the plan that the repository ships. Commands run in this process,
/// through the same command line as the program's.
/// </summary>
internal sealed class SignerWorld : IDisposable
{
    public const string Product = "infusion-pump";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-signer-");
    private readonly string _suffix = RandomNumberGenerator.GetHexString(6, lowercase: true);
    private readonly HashSet<string> _tokensBefore = [.. TokenFolders()];

    public SignerWorld()
    {
        Directory.CreateDirectory(Pins);
        foreach (string token in new[] { "root-1", "root-2", "root-3", "targets", "online", "release", "approver", "ca" })
        {
            WriteSecret(PinFile(token), $"pin of {token}\n");
            WriteSecret(Path.ChangeExtension(PinFile(token), "so-pin"), $"so-pin of {token}\n");
        }
    }

    public static string ShippedPlan { get; } = File.ReadAllText(Path.Combine(RepositoryRoot(), "hsm-config", "ceremony.yaml"));

    public SteppedClock Clock { get; } = new();

    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>Stands between the signer and its tokens, when a test sets it.</summary>
    public Func<ITokenModule, ITokenModule> Module { get; set; } = static module => module;

    public string Folder => _folder.FullName;

    public string Home => Path.Combine(Folder, "home");

    public HomeFolder HomeFolder => new(Home);

    public RepositoryFolder Repository => new(HomeFolder.Repository);

    public string Pins => Path.Combine(Folder, "pins");

    /// <summary>A world after its ceremony.</summary>
    public static async Task<SignerWorld> CreateAsync(Func<string, string>? edit = null)
    {
        SignerWorld world = new();
        (await world.CeremonyAsync(edit)).Ok();
        return world;
    }

    public static void WriteSecret(string path, string text)
    {
        File.WriteAllText(path, text);
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    /// <summary>The token's label in this world; labels are unique within the process's SoftHSM.</summary>
    public string Token(string name) => $"{name}-{_suffix}";

    public string PinFile(string token) => Path.Combine(Pins, Token(token) + ".pin");

    public string PathOf(string name) => Path.Combine(Folder, name);

    public async Task<CommandResult> CeremonyAsync(Func<string, string>? edit = null, string? keyPolicy = null)
    {
        string plan = PathOf("ceremony.yaml"), text = edit is null ? ShippedPlan : edit(ShippedPlan);
        await File.WriteAllTextAsync(plan, System.Text.RegularExpressions.Regex.Replace(text, "(?<=token: )[a-z0-9-]+", match => Token(match.Value), System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        string[] policy = [];
        if (keyPolicy is not null)
        {
            await File.WriteAllTextAsync(PathOf("key-policy.yaml"), keyPolicy);
            policy = ["--key-policy", PathOf("key-policy.yaml")];
        }

        return await RunAsync(["ceremony", "--plan", plan, "--home", Home, "--pin-dir", Pins, "--module", SoftHsm.ModulePath, .. policy]);
    }

    public Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(new StringWriter(), new StringWriter(), CancellationToken.None, arguments);

    /// <summary>Runs a command that a test watches and ends.</summary>
    public async Task<CommandResult> RunAsync(StringWriter output, StringWriter error, CancellationToken cancellation, params string[] arguments)
    {
        SignerHost host = Host(output, error);
        ParseResult parsed = SignerCommandLine.Create(host).Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return new CommandResult(2, "", parsed.Errors[0].Message);
        }

        try
        {
            int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }, cancellation);
            return new CommandResult(code, output.ToString(), error.ToString());
        }
        catch (Exception e) when (SignerCommandLine.IsExpected(e) || e is IOException or UnauthorizedAccessException)
        {
            return new CommandResult(1, output.ToString(), error + e.Message);
        }
    }

    /// <summary>What commands have of the world outside.</summary>
    public SignerHost Host(StringWriter? output = null, StringWriter? error = null)
    {
        _ = SoftHsm.Shared;
        return new SignerHost
        {
            Clock = Clock,
            Variable = name => Environment.GetValueOrDefault(name),
            LoadModule = path => Module(Pkcs11Module.Load(path)),
            Out = output ?? new StringWriter(),
            Error = error ?? new StringWriter(),
        };
    }

    /// <summary>A `release` command on one version of the product, with the PIN of a token.</summary>
    public Task<CommandResult> ReleaseAsync(string verb, string version, string token, params string[] further) =>
        RunAsync(["release", verb, "--home", Home, "--product", Product, "--version", version, "--pin-file", PinFile(token), .. further]);

    public Task<CommandResult> CreateAsync(string version, string? image = null, int securityVersion = 1) =>
        ReleaseAsync("create", version, "release", "--security-version", securityVersion.ToString(), "--image", image ?? Image(version));

    public Task<CommandResult> ApproveAsync(string version, string digest) => ReleaseAsync("approve", version, "approver", "--manifest-digest", digest);

    public Task<CommandResult> PublishAsync(string version) => ReleaseAsync("publish", version, "release");

    public Task<CommandResult> OnlineAsync(params string[] further) => RunAsync(["online", "--home", Home, "--once", "--pin-file", PinFile("online"), .. further]);

    /// <summary>A draft that its author signed; the digest of its manifest.</summary>
    public async Task<string> DraftAsync(string version) => (await CreateAsync(version)).Ok().Value("manifest digest");

    /// <summary>A draft that was approved.</summary>
    public async Task<string> ApprovedAsync(string version)
    {
        string digest = await DraftAsync(version);
        (await ApproveAsync(version, digest)).Ok();
        return digest;
    }

    /// <summary>From image to repository, and visible.</summary>
    public async Task<string> ReleaseAsync(string version)
    {
        string digest = await ApprovedAsync(version);
        (await PublishAsync(version)).Ok();
        (await OnlineAsync()).Ok();
        return digest;
    }

    /// <summary>A key made after the ceremony, on a token of its own unless another is named.</summary>
    public Task<CommandResult> MakeKeyAsync(string label, string? token = null, params string[] further) => MakeKeyInAsync(Home, label, token, further);

    /// <summary>The same in a home that is not the signer's.</summary>
    public async Task<CommandResult> MakeKeyInAsync(string home, string label, string? token = null, params string[] further)
    {
        string[] blank = [];
        if (!File.Exists(PinFile(token ?? label)))
        {
            WriteSecret(PinFile(token ?? label), $"pin of {token ?? label}\n");
            WriteSecret(Path.ChangeExtension(PinFile(token ?? label), "so-pin"), $"so-pin of {token ?? label}\n");
            blank = ["--so-pin-file", Path.ChangeExtension(PinFile(token ?? label), "so-pin")];
        }

        return await RunAsync(["key", "make", "--home", home, "--label", label, "--token", Token(token ?? label), "--pin-file", PinFile(token ?? label), .. blank, .. further]);
    }

    /// <summary>The digest of the change.</summary>
    public async Task<string> ProposeAsync(string options) => (await TryProposeAsync(options)).Ok().Value("change");

    public Task<CommandResult> TryProposeAsync(string options) => RunAsync(["role", "propose", "--home", Home, .. options.Split(' ')]);

    public Task<CommandResult> SignChangeAsync(string change, string key, string? token = null) =>
        RunAsync("role", "sign", "--home", Home, "--change", change, "--key", key, "--pin-file", PinFile(token ?? key));

    public Task<CommandResult> ApplyAsync(string change, string online = "online") => RunAsync("role", "apply", "--home", Home, "--change", change, "--pin-file", PinFile(online));

    /// <summary>Proposed, signed by these keys one after the other (KEY@TOKEN where the two are not called the same), and in force.</summary>
    public async Task ChangeAsync(string options, string signers, string online = "online")
    {
        string change = await ProposeAsync(options);
        foreach (string signer in signers.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] named = signer.Split('@');
            (await SignChangeAsync(change, named[0], named[^1])).Ok();
        }

        (await ApplyAsync(change, online)).Ok();
    }

    /// <summary>A small image of a version: three chunks, of which the last is short.</summary>
    public string Image(string version)
    {
        string path = PathOf($"image-{version}");
        byte[] image = new byte[150_000];
        byte[] seed = SHA256.HashData(Encoding.UTF8.GetBytes(version));
        for (int i = 0; i < image.Length; i++)
        {
            image[i] = (byte)((seed[i / 97 % seed.Length] + i) & 0xFF);
        }

        File.WriteAllBytes(path, image);
        return path;
    }

    /// <summary>Takes the journal as it is on the disk at this moment, which is what a process that is killed now leaves.</summary>
    /// <returns>Puts it back there.</returns>
    public Action KeepJournal()
    {
        string[] places = [HomeFolder.Journal, HomeFolder.Journal + "-wal"];
        Dictionary<string, byte[]> kept = places.Where(File.Exists).ToDictionary(static file => file, File.ReadAllBytes, StringComparer.Ordinal);
        return () =>
        {
            Array.ForEach([.. places, HomeFolder.Journal + "-shm"], File.Delete);
            foreach ((string file, byte[] bytes) in kept)
            {
                File.WriteAllBytes(file, bytes);
            }
        };
    }

    public string Draft(string version, string file) => Path.Combine(HomeFolder.DraftOf(ProductName.Parse(Product), ReleaseVersion.Parse(version)), file);

    public void Dispose()
    {
        _folder.Delete(recursive: true);

        // No module is loaded between commands; without this each test would make the next one slower.
        foreach (string token in TokenFolders().Except(_tokensBefore, StringComparer.Ordinal))
        {
            Directory.Delete(token, recursive: true);
        }
    }

    internal static string RepositoryRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Fota.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    private static string[] TokenFolders() => Directory.GetDirectories(Path.Combine(Path.GetDirectoryName(SoftHsm.Shared.ConfigurationPath)!, "tokens"));
}
