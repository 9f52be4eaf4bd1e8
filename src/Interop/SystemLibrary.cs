using System.Reflection;
using System.Runtime.InteropServices;

namespace Fota.Interop;

/// <summary>
/// Lets an assembly's native imports resolve to the operating system's library, so that fixes of that library come with the system's
/// updates and not with ours.
/// </summary>
public static class SystemLibrary
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(Assembly Assembly, string ImportName), string> Redirects = [];

    // Debian's names; a package is the only fix that the reader of the message can apply.
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["libsqlite3.so.0"] = "libsqlite3-0",
        ["libzstd.so.1"] = "libzstd1",
        ["libcrypto.so.3"] = "libssl3",
    };

    /// <summary>Makes imports of <paramref name="importName"/> in <paramref name="assembly"/> load <paramref name="soname"/>. May be repeated.</summary>
    /// <exception cref="DllNotFoundException">The library is not installed; the message names the Debian package that has it.</exception>
    /// <exception cref="InvalidOperationException">The same import is redirected elsewhere, or the assembly has a resolver of its own.</exception>
    public static void Redirect(Assembly assembly, string importName, string soname)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        ArgumentException.ThrowIfNullOrEmpty(importName);
        ArgumentException.ThrowIfNullOrEmpty(soname);
        if (!NativeLibrary.TryLoad(soname, out _))
        {
            throw new DllNotFoundException(Packages.TryGetValue(soname, out string? package)
                ? $"{soname} is not installed: apt-get install {package}"
                : $"{soname} is not installed");
        }

        lock (Gate)
        {
            if (Redirects.TryGetValue((assembly, importName), out string? earlier))
            {
                if (!string.Equals(earlier, soname, StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"{importName} of {assembly.GetName().Name} is redirected to {earlier} already, not {soname}");
                }

                return;
            }

            // The runtime takes one resolver per assembly, ever; later imports of the same assembly share it.
            if (!Redirects.Keys.Any(known => known.Assembly == assembly))
            {
                NativeLibrary.SetDllImportResolver(assembly, Resolve);
            }

            Redirects.Add((assembly, importName), soname);
        }
    }

    private static nint Resolve(string importName, Assembly assembly, DllImportSearchPath? searchPath)
    {
        string? soname;
        lock (Gate)
        {
            Redirects.TryGetValue((assembly, importName), out soname);
        }

        // Zero hands the import back to the runtime's own search.
        return soname is null ? 0 : NativeLibrary.Load(soname);
    }
}
