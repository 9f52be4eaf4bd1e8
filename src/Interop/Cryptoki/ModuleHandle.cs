using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// A library's own copy of a module's function list. Sessions and running calls hold a reference to it, so <c>C_Finalize</c>, which is
/// undefined while another thread is inside the module, waits for the last of them.
/// </summary>
internal sealed unsafe class ModuleHandle : SafeHandle
{
    private readonly LoadedModule _module;

    private ModuleHandle(CK_FUNCTION_LIST* functions, LoadedModule module)
        : base(0, ownsHandle: true)
    {
        _module = module;
        SetHandle((nint)functions);
    }

    public override bool IsInvalid => handle == 0;

    public CK_FUNCTION_LIST* Functions => (CK_FUNCTION_LIST*)handle;

    public LoadedModule Module => _module;

    public static ModuleHandle Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new CryptokiRefusalException(CryptokiRefusal.ModuleMissing, $"no PKCS#11 module at {path}");
        }

        nint library;
        try
        {
            library = NativeLibrary.Load(Path.GetFullPath(path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new CryptokiRefusalException(CryptokiRefusal.NotAModule, $"{path} cannot be loaded as a PKCS#11 module", e);
        }

        if (!NativeLibrary.TryGetExport(library, "C_GetFunctionList", out nint entry))
        {
            NativeLibrary.Free(library);
            throw new CryptokiRefusalException(CryptokiRefusal.NotAModule, $"{path} is not a PKCS#11 module: it has no C_GetFunctionList");
        }

        // From here on the library stays loaded: modules keep threads and exit handlers that outlive C_Finalize.
        CK_FUNCTION_LIST* list = null;
        CryptokiException.ThrowIfFailed(((delegate* unmanaged[Cdecl]<CK_FUNCTION_LIST**, nuint>)entry)(&list), "C_GetFunctionList");
        if (list is null || list->Version.Major is not (2 or 3))
        {
            throw new CryptokiRefusalException(CryptokiRefusal.NotAModule, $"{path} offers no function list of PKCS#11 2.x or 3.x");
        }

        var copy = (CK_FUNCTION_LIST*)NativeMemory.Alloc((nuint)sizeof(CK_FUNCTION_LIST));
        *copy = *list;
        try
        {
            return new ModuleHandle(copy, LoadedModule.Enter(library, copy));
        }
        catch
        {
            NativeMemory.Free(copy);
            throw;
        }
    }

    /// <summary>See <see cref="LoadedModule.Reinitialize"/>.</summary>
    public void Reinitialize(long initialization)
    {
        using var lease = new HandleLease(this);
        _module.Reinitialize(Functions, initialization);
    }

    protected override bool ReleaseHandle()
    {
        _module.Leave(Functions);
        NativeMemory.Free(Functions);
        return true;
    }
}
