using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>Keeps a handle from being released while a native call uses it: a disposal meanwhile takes effect when the lease ends.</summary>
internal readonly ref struct HandleLease : IDisposable
{
    private readonly SafeHandle _handle;

    public HandleLease(SafeHandle handle)
    {
        bool isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        _handle = handle;
    }

    public void Dispose() => _handle.DangerousRelease();
}
