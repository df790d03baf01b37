//! Who may do what with a file: its owner and its DACL.

use std::{
    fs::File,
    io,
    mem::{offset_of, size_of, zeroed},
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr::{null_mut, read_unaligned},
    sync::OnceLock,
};

use windows_sys::Win32::{
    Foundation::{ERROR_SUCCESS, LocalFree},
    Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, ACL_REVISION, AddAccessAllowedAceEx,
        Authorization::{GetSecurityInfo, SE_FILE_OBJECT, SetSecurityInfo},
        CONTAINER_INHERIT_ACE, DACL_SECURITY_INFORMATION, EqualSid, GetAce, GetLengthSid,
        GetTokenInformation, InitializeAcl, InitializeSecurityDescriptor, IsWellKnownSid, OBJECT_INHERIT_ACE,
        OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
        SE_DACL_PROTECTED, SECURITY_ATTRIBUTES, SECURITY_DESCRIPTOR, SetSecurityDescriptorControl,
        SetSecurityDescriptorDacl, SetSecurityDescriptorOwner, TOKEN_OWNER, TOKEN_QUERY, TOKEN_USER,
        TokenOwner, TokenUser, WinLocalSystemSid,
    },
    Storage::FileSystem::FILE_ALL_ACCESS,
    System::{
        SystemServices::{ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE, SECURITY_DESCRIPTOR_REVISION},
        Threading::{GetCurrentProcess, OpenProcessToken},
    },
};

use super::done;

/// Room for one entry with the longest SID, in words.
const ACL_WORDS: usize = 32;

/// An identity of Windows: a user or a group.
struct Sid(Box<[u32]>);

impl Sid {
    /// # Safety
    /// `sid` points to a valid SID.
    unsafe fn copy(sid: PSID) -> Self {
        // SAFETY: as the caller says; a SID is 8 bytes and 4 for each part.
        let words = unsafe { GetLengthSid(sid) } as usize / size_of::<u32>();
        // SAFETY: it is that long; read without asking for its alignment.
        Self(
            (0..words)
                .map(|at| unsafe { read_unaligned(sid.cast::<u32>().add(at)) })
                .collect(),
        )
    }

    fn as_ptr(&self) -> PSID {
        self.0.as_ptr().cast_mut().cast()
    }

    /// # Safety
    /// `other` points to a valid SID.
    unsafe fn is(&self, other: PSID) -> bool {
        // SAFETY: ours is valid, and theirs as the caller says.
        unsafe { EqualSid(self.as_ptr(), other) != 0 }
    }
}

/// Who this process is.
struct Me {
    user: Sid,
    /// What new files belong to: the user, or the administrators where an elevated process makes them.
    owner: Sid,
}

fn me() -> io::Result<&'static Me> {
    static ME: OnceLock<Option<Me>> = OnceLock::new();
    ME.get_or_init(|| ask().ok())
        .as_ref()
        .ok_or_else(|| io::Error::other("the system does not say which user this is"))
}

fn ask() -> io::Result<Me> {
    let mut token = null_mut();
    // SAFETY: the pseudo-handle is always valid; the result is ours.
    done(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: it was just opened, and nothing else owns it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let told = |class, buffer: &mut [u64]| {
        let mut length = 0;
        let room = u32::try_from(size_of_val(buffer)).unwrap_or(u32::MAX);
        // SAFETY: the buffer is ours and as long as it is said to be.
        done(unsafe {
            GetTokenInformation(
                token.as_raw_handle(),
                class,
                buffer.as_mut_ptr().cast(),
                room,
                &mut length,
            )
        })
    };
    // Larger than a SID can be, and aligned for the structure before it.
    let mut buffer = [0_u64; 16];
    told(TokenUser, &mut buffer)?;
    // SAFETY: the system filled it with this structure, whose pointer leads into the same buffer.
    let user = unsafe { Sid::copy((*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid) };
    told(TokenOwner, &mut buffer)?;
    // SAFETY: as before.
    let owner = unsafe { Sid::copy((*buffer.as_ptr().cast::<TOKEN_OWNER>()).Owner) };
    Ok(Me { user, owner })
}

/// Whether a file is ours, and whether it is closed to everybody else.
pub(super) fn of(file: &File) -> io::Result<(bool, bool)> {
    let me = me()?;
    let mut owner: PSID = null_mut();
    let mut list: *mut ACL = null_mut();
    let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
    // SAFETY: the handle is open; the results are ours. What is null is not asked for.
    let told = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &mut owner,
            null_mut(),
            &mut list,
            null_mut(),
            &mut descriptor,
        )
    };
    outcome(told)?;
    // SAFETY: both point into the descriptor, which lives until it is freed below.
    let found = unsafe {
        let is_ours = !owner.is_null() && (me.user.is(owner) || me.owner.is(owner));
        (is_ours, is_for_one(list, &me.user))
    };
    // SAFETY: the system gave it to us to free.
    unsafe { LocalFree(descriptor) };
    Ok(found)
}

/// Whether every entry that allows something allows it to `user`, or to the system itself, which is in every file as
/// root is elsewhere. No list at all allows everything to everybody.
///
/// # Safety
/// `list` is null or points to a valid list.
unsafe fn is_for_one(list: *const ACL, user: &Sid) -> bool {
    if list.is_null() {
        return false;
    }
    // SAFETY: as the caller says.
    let count = unsafe { (*list).AceCount };
    (0..u32::from(count)).all(|at| {
        let mut entry = null_mut();
        // SAFETY: the list is valid, and the result is ours.
        if unsafe { GetAce(list, at, &mut entry) } == 0 {
            return false;
        }
        // SAFETY: every entry begins with this header.
        match u32::from(unsafe { (*entry.cast::<ACE_HEADER>()).AceType }) {
            ACCESS_DENIED_ACE_TYPE => true,
            // SAFETY: an entry of this type ends with the SID it is for.
            ACCESS_ALLOWED_ACE_TYPE => unsafe {
                let whom = entry.byte_add(offset_of!(ACCESS_ALLOWED_ACE, SidStart));
                user.is(whom) || IsWellKnownSid(whom, WinLocalSystemSid) != 0
            },
            // Conditional entries and those of kinds to come: not known to be ours alone.
            _ => false,
        }
    })
}

/// Runs `act` with the attributes of what shall be for this user alone.
pub(super) fn private<T>(act: impl FnOnce(*const SECURITY_ATTRIBUTES) -> T) -> io::Result<T> {
    let me = me()?;
    let mut list = one_entry(&me.user)?;
    // SAFETY: a plain structure that is initialised by the next call.
    let mut descriptor: SECURITY_DESCRIPTOR = unsafe { zeroed() };
    let at: PSECURITY_DESCRIPTOR = (&raw mut descriptor).cast();
    // SAFETY: descriptor, list and SID are ours and outlive `act`.
    unsafe {
        done(InitializeSecurityDescriptor(at, SECURITY_DESCRIPTOR_REVISION))?;
        done(SetSecurityDescriptorOwner(at, me.user.as_ptr(), 0))?;
        done(SetSecurityDescriptorDacl(at, 1, list.as_mut_ptr().cast(), 0))?;
        done(SetSecurityDescriptorControl(
            at,
            SE_DACL_PROTECTED,
            SE_DACL_PROTECTED,
        ))?;
    }
    Ok(act(&SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: at,
        bInheritHandle: 0,
    }))
}

/// Leaves the rights on a file or folder to this user alone.
pub(super) fn close(file: &File) -> io::Result<()> {
    let list = one_entry(&me()?.user)?;
    // SAFETY: the handle is open with the right to do this, and the list is ours. What is null stays as it is.
    outcome(unsafe {
        SetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            list.as_ptr().cast(),
            null_mut(),
        )
    })
}

/// Takes the list away, which opens a file to everybody.
#[cfg(test)]
pub(super) fn open_to_all(file: &File) -> io::Result<()> {
    let (owner, group, list, audit) = (null_mut(), null_mut(), null_mut(), null_mut());
    // SAFETY: the handle is open with the right to do this; no list is what is asked for.
    outcome(unsafe {
        SetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            owner,
            group,
            list,
            audit,
        )
    })
}

/// A list with one entry: everything, for `user`, and for what is made in the folder later.
fn one_entry(user: &Sid) -> io::Result<[u32; ACL_WORDS]> {
    let mut list = [0; ACL_WORDS];
    let at: *mut ACL = list.as_mut_ptr().cast();
    // SAFETY: the list is ours and as long as it is said to be; the SID is valid.
    unsafe {
        done(InitializeAcl(at, size_of_val(&list) as u32, ACL_REVISION))?;
        let heirs = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;
        done(AddAccessAllowedAceEx(
            at,
            ACL_REVISION,
            heirs,
            FILE_ALL_ACCESS,
            user.as_ptr(),
        ))?;
    }
    Ok(list)
}

fn outcome(code: u32) -> io::Result<()> {
    if code == ERROR_SUCCESS {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(code.cast_signed()))
    }
}
