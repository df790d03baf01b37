/** The keys of a form, for the dialogs of this folder. */
export { submitKeys } from "../../state/submit";
