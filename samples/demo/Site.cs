using System.Security.Cryptography;

namespace Fota.Samples.Demo;

/// <summary>One place with a token of its own: the signer's room, the server's rack, a device. Each is a folder with a SoftHSM2 in it.</summary>
public sealed class Site
{
    /// <summary>Where Debian puts SoftHSM2.</summary>
    public const string Module = "/usr/lib/softhsm/libsofthsm2.so";

    /// <summary>Makes the folder, SoftHSM2's configuration and its empty token store.</summary>
    public Site(string directory)
    {
        Directory = directory;
        System.IO.Directory.CreateDirectory(System.IO.Path.Combine(directory, "tokens"));
        File.WriteAllText(Path("softhsm2.conf"), $"directories.tokendir = {Path("tokens")}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n");
    }

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>What its programs need in their environment.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal) { ["SOFTHSM2_CONF"] = Path("softhsm2.conf") };

    /// <summary>A path within.</summary>
    public string Path(params string[] parts) => System.IO.Path.Combine([Directory, .. parts]);

    /// <summary>Writes a fresh random PIN into a file that only its owner may read.</summary>
    public string MakePin(string name)
    {
        string file = Path(name);
        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        using FileStream stream = new(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        stream.Write(System.Text.Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(16, lowercase: true)));
        return file;
    }
}
