using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Cryptoki;

namespace Fota.TestKit;

/// <summary>
/// A SoftHSM2 with a token folder of its own, gone when it is disposed of. The module reads its configuration once per process, so within
/// a test process there is <see cref="Shared"/>; further instances are for child processes, which get <see cref="ConfigurationPath"/>.
/// </summary>
public sealed partial class SoftHsm : IDisposable
{
    /// <summary>Where Debian's softhsm2 package puts the module.</summary>
    public const string ModulePath = "/usr/lib/softhsm/libsofthsm2.so";

    /// <summary>The environment variable that names the configuration file.</summary>
    public const string ConfigurationVariable = "SOFTHSM2_CONF";

    private static readonly Lazy<SoftHsm> SharedInstance = new(Share);

    private const string FolderPrefix = "fota-softhsm-";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory($"{FolderPrefix}{Environment.ProcessId}-");
    private readonly Lazy<CryptokiLibrary> _library;

    /// <summary>Makes the token folder and the configuration file.</summary>
    public SoftHsm()
    {
        ConfigurationPath = Path.Combine(_folder.FullName, "softhsm2.conf");
        string tokens = _folder.CreateSubdirectory("tokens").FullName;
        File.WriteAllText(ConfigurationPath, $"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        _library = new Lazy<CryptokiLibrary>(() => ReferenceEquals(this, Shared)
            ? CryptokiLibrary.Load(ModulePath)
            : throw new InvalidOperationException("this process uses SoftHsm.Shared; give ConfigurationPath to a child process"));
    }

    /// <summary>The one of this process; its folder goes when the process ends.</summary>
    public static SoftHsm Shared => SharedInstance.Value;

    /// <summary>The file for SOFTHSM2_CONF.</summary>
    public string ConfigurationPath { get; }

    /// <summary>The module, loaded once for the process; only of <see cref="Shared"/>.</summary>
    public CryptokiLibrary Library => _library.Value;

    /// <summary>Makes a token whose label begins with <paramref name="prefix"/> and is unique.</summary>
    public TestToken CreateToken(string prefix)
    {
        string label = $"{prefix}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        Pin pin = RandomPin();
        using Pin securityOfficerPin = RandomPin();
        TokenDescription description = Library.InitializeToken(label, securityOfficerPin, pin);
        return new TestToken(label, pin, description);
    }

    /// <summary>Takes the token's folder away, as if it had been pulled out; what this returns puts it back.</summary>
    public Action Remove(TestToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return Remove(token.Description.Serial);
    }

    /// <summary>The same for the token with this serial number.</summary>
    public Action Remove(string serial)
    {
        // SoftHSM calls a token's folder after a UUID, of which the serial number is the end.
        string folder = Directory.GetDirectories(Path.Combine(_folder.FullName, "tokens"))
            .Single(path => Path.GetFileName(path).Replace("-", "", StringComparison.Ordinal).EndsWith(serial, StringComparison.Ordinal));
        string away = Path.Combine(_folder.CreateSubdirectory("away").FullName, Path.GetFileName(folder));
        Directory.Move(folder, away);
        return () => Directory.Move(away, folder);
    }

    /// <summary>A PIN that no other token has.</summary>
    public static Pin RandomPin() => Pin.FromUtf8(Encoding.UTF8.GetBytes(RandomNumberGenerator.GetHexString(12)));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_library.IsValueCreated)
        {
            _library.Value.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private static SoftHsm Share()
    {
        DeleteLeftovers();
        var shared = new SoftHsm();

        // The module asks getenv, which Environment.SetEnvironmentVariable does not reach.
        if (SetEnvironmentVariable(ConfigurationVariable, shared.ConfigurationPath, 1) != 0)
        {
            throw new InvalidOperationException($"setenv: errno {Marshal.GetLastPInvokeError()}");
        }

        Environment.SetEnvironmentVariable(ConfigurationVariable, shared.ConfigurationPath);

        // The module ends with the process; to finalise it first would only delay the deletion past the runner's patience.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => shared._folder.Delete(recursive: true);
        return shared;
    }

    /// <summary>A runner that kills its test host leaves the folder behind; the next run clears what belongs to no living process.</summary>
    private static void DeleteLeftovers()
    {
        foreach (string folder in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            string owner = Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0];
            if (!int.TryParse(owner, out _) || Directory.Exists($"/proc/{owner}"))
            {
                continue;
            }

            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // Another test process is clearing it at the same time.
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}

/// <summary>A token made for a test.</summary>
/// <param name="Label">Its unique label.</param>
/// <param name="Pin">Its user PIN.</param>
/// <param name="Description">What it said about itself when it was made.</param>
public sealed record TestToken(string Label, Pin Pin, TokenDescription Description)
{
    /// <summary>Logs in to it through <see cref="SoftHsm.Shared"/>.</summary>
    public Token Open() => Token.Open(SoftHsm.Shared.Library, Label, Pin);
}
